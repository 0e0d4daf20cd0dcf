/** The web shop's pages: who is signed in, and the orders. Everything that comes from outside is escaped. */
import type { Caller } from "./caller.ts";
import type { Order } from "./store.ts";

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas); --soft: color-mix(in srgb, CanvasText 65%, Canvas); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 44rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { display: flex; gap: 1rem; align-items: center; justify-content: space-between; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
button, a.button { font: inherit; color: inherit; text-decoration: none; padding: .35rem .9rem; border: 1px solid var(--line); border-radius: .4rem; background: none; cursor: pointer; }
:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
`;

/** The account page is the one without orders. */
export function renderPage(caller: Caller | null, orders: readonly Order[] | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Shop</h1>
${caller === null ? '<a class="button" href="/_gatehouse/login">Sign in</a>' : '<form method="post" action="/_gatehouse/logout"><button>Sign out</button></form>'}
</header>
<main>
${caller === null ? "<p>Nobody is signed in.</p>" : renderCaller(caller)}
${orders === null ? '<p><a href="/">Orders</a></p>' : renderOrders(orders)}
</main>
</body>
</html>
`;
}

function renderCaller(caller: Caller): string {
  return `<h2>Signed in as <span id="name">${escapeHtml(caller.name)}</span></h2>
<dl>
<dt>Subject</dt><dd id="subject">${escapeHtml(caller.subject)}</dd>
<dt>Groups</dt><dd id="groups">${escapeHtml(caller.groups.join(", ") || "none")}</dd>
<dt>Role</dt><dd id="role">${escapeHtml(caller.role || "none")}</dd>
</dl>`;
}

function renderOrders(orders: readonly Order[]): string {
  return `<h2>Orders</h2>
<table>
<thead><tr><th>Order</th><th>Item</th><th class="number">Quantity</th><th class="number">Total</th></tr></thead>
<tbody>
${orders.map(renderOrder).join("\n")}
</tbody>
</table>`;
}

function renderOrder(order: Order): string {
  return `<tr><td>${escapeHtml(order.id)}</td><td>${escapeHtml(order.item)}</td><td class="number">${order.quantity}</td><td class="number">${(order.totalCents / 100).toFixed(2)}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
