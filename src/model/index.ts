export type * from "./artifacts.ts";
export type * from "./http-api.ts";
