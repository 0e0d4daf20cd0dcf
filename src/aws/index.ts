/** What an AWS account holds of HTTP APIs, read and never changed. */
export { type AwsPlace, createAwsClients } from "./clients.ts";
export { type LiveAccount, type LiveFinding, type LiveSelection, readLiveAccount } from "./read-account.ts";
