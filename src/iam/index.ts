export type { PolicyDocument, Statement } from "./document.ts";
