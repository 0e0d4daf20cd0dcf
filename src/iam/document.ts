/**
 * IAM policy documents as AWS writes them.
 *
 * `PolicyDocument` is the one form that Gatehouse writes; `WrittenDocument` is every form that AWS takes from others.
 * Source: IAM user guide, "Grammar of the IAM JSON policy language".
 */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A document by whoever wrote it. A document without `Version` is one of 2008-10-17. */
export interface WrittenDocument {
  readonly Version?: "2008-10-17" | "2012-10-17";
  readonly Id?: string;
  readonly Statement: WrittenStatement | readonly WrittenStatement[];
}

export interface WrittenStatement extends Omit<Statement, "Condition"> {
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, ConditionValue | readonly ConditionValue[]>>>>;
}

/** Numbers and booleans mean the text that JSON has for them. */
export type ConditionValue = string | number | boolean;
