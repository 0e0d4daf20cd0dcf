export type { EdgeRecord, GatewayRecord } from "./record.ts";
