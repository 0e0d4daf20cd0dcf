/** IAM as AWS evaluates it: documents, conditions, and the ARN of a call to an HTTP API. */
export { type CompiledDocument, compileDocument } from "./compile-document.ts";
export type { PolicyDocument, Statement } from "./document.ts";
export { type AccessRequest, type Evaluation, evaluate } from "./evaluate.ts";
export { type Invocation, invokeArn } from "./invoke-arn.ts";
export type {
  CredentialLookup,
  CredentialSource,
  RequestToVerify,
  SignatureRefusal,
  SignatureResult,
  VerifyOptions,
} from "./sigv4/signature.ts";
