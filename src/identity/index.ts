export { TOKEN_REASONS, type Identity, type TokenReason, type TokenResult } from "./identity.ts";
