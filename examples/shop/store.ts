/** The shop's data, in memory: a few orders and the stock they are taken from. */
export interface Order {
  readonly id: string;
  readonly item: string;
  readonly quantity: number;
  readonly totalCents: number;
  readonly placedBy: string;
}

export interface Store {
  listOrders(): readonly Order[];
  findOrder(id: string): Order | null;
  /** `unknown-item` or `out-of-stock` when the order cannot be taken; then nothing has changed. */
  placeOrder(item: string, quantity: number, placedBy: string): Order | "unknown-item" | "out-of-stock";
  listStock(): Readonly<Record<string, number>>;
  /** False when there is no such item. */
  setStock(item: string, quantity: number): boolean;
  salesCents(): number;
}

const PRICES_CENTS: Readonly<Record<string, number>> = { lantern: 3900, kettle: 2450, blanket: 5200 };

export function createStore(): Store {
  const stock = new Map<string, number>([
    ["lantern", 40],
    ["kettle", 25],
    ["blanket", 10],
  ]);
  const orders = new Map<string, Order>();
  const store: Store = {
    listOrders: () => [...orders.values()],
    findOrder: (id) => orders.get(id) ?? null,
    placeOrder(item, quantity, placedBy) {
      const price = PRICES_CENTS[item];
      const left = stock.get(item);
      if (price === undefined || left === undefined) return "unknown-item";
      if (left < quantity) return "out-of-stock";
      stock.set(item, left - quantity);
      const order = { id: String(1001 + orders.size), item, quantity, totalCents: price * quantity, placedBy };
      orders.set(order.id, order);
      return order;
    },
    listStock: () => Object.fromEntries(stock),
    setStock(item, quantity) {
      if (!stock.has(item)) return false;
      stock.set(item, quantity);
      return true;
    },
    salesCents: () => [...orders.values()].reduce((sum, order) => sum + order.totalCents, 0),
  };
  store.placeOrder("lantern", 2, "the example");
  store.placeOrder("kettle", 1, "the example");
  return store;
}
