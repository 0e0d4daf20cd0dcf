/** HTTP APIs as OpenAPI documents with API Gateway's extensions. */
export { type ExportOptions, type ExportedApi, exportOpenApi, withStableIds } from "./export-open-api.ts";
export { OPENAPI_FINDINGS, type OpenApiFinding } from "./findings.ts";
export { type ImportedApi, importOpenApi, isOpenApi } from "./import-open-api.ts";
export type { ImportOptions } from "./importing.ts";
