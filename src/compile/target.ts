/** Where the artifacts of an environment are executed, in the words of ARNs. */
import type { Environment } from "../policy/index.ts";

export interface Target {
  readonly kind: "embedded" | "aws";
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** The embedded gateway has an account and a region of its own; AWS is reached in the first region that is named. */
export function targetOf({ gateway }: Environment): Target {
  if (gateway.kind === "embedded")
    return { kind: "embedded", partition: "aws", region: "local", account: "000000000000" };
  const region = gateway.regions[0] ?? "us-east-1";
  return { kind: "aws", partition: partitionOf(region), region, account: gateway.account };
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
