/** IAM as AWS evaluates it: documents, conditions, trust, and the ARN of a call to an HTTP API. */
export { type CompiledDocument, compileDocument } from "./compile-document.ts";
export { type DocumentKind, type DocumentProblem, checkDocumentLimits } from "./document-limits.ts";
export type { ConditionValue, PolicyDocument, Statement, WrittenDocument, WrittenStatement } from "./document.ts";
export { type AccessRequest, type CallerDocuments, type Evaluation, evaluate } from "./evaluate.ts";
export { type DeniedRequest, explainDenial } from "./explain-denial.ts";
export { type Invocation, invokeArn } from "./invoke-arn.ts";
export type { RequestContext } from "./request-context.ts";
export { type CompiledTrust, type TrustRequest, type TrustVerdict, compileTrust, evaluateTrust } from "./trust.ts";
export type {
  CredentialLookup,
  CredentialSource,
  RequestToVerify,
  SignatureRefusal,
  SignatureResult,
  VerifyOptions,
} from "./sigv4/signature.ts";
export { type RequestToSign, type SignOptions, signRequest } from "./sigv4/sign-request.ts";
export { verifySignature } from "./sigv4/verify-signature.ts";
