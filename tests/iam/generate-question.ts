/**
 * Documents and requests that nobody thought of, from a small vocabulary, so that they meet.
 *
 * In: a source of numbers. Out: a question as both evaluators take it, well-formed. Every operator, sets, `...IfExists`,
 * `Null`, variables with and without default, `NotAction`, `NotResource`, both versions, boundary, session.
 * Not here: which differences are known (known-differences.ts).
 */
import type { RequestContext, WrittenDocument, WrittenStatement } from "../../src/iam/index.ts";
import type { Random } from "../engines/random.ts";
import { API } from "./iam-case.ts";

export interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
  readonly identity: readonly WrittenDocument[];
  readonly boundary: WrittenDocument | null;
  readonly session: readonly WrittenDocument[] | null;
}

type Kind = "text" | "number" | "date" | "bool" | "bytes" | "address" | "arn";

interface Vocabulary {
  /** Keys with one value, and those that AWS has a list for. */
  readonly single: readonly string[];
  readonly given: readonly string[];
  readonly wanted: readonly string[];
  readonly operators: readonly string[];
}

const LIST_KEYS = ["aws:TagKeys", "aws:CalledVia", "aws:PrincipalOrgPaths"];
const ORDERS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];
const TEAM = "${aws:PrincipalTag/team}";

const VOCABULARY: Readonly<Record<Kind, Vocabulary>> = {
  text: {
    single: ["aws:PrincipalTag/team", "aws:PrincipalTag/a", "aws:UserAgent"],
    given: ["red", "Red", "blue", "r*d", "red/1", "", "a.b", "green"],
    wanted: [
      "red",
      "RED",
      "blue",
      "r*",
      "?ed",
      "*",
      "re?",
      "",
      "a.b",
      "red/?",
      "green",
      TEAM,
      `${TEAM}/*`,
      "${aws:PrincipalTag/a}",
      "${aws:PrincipalTag/a, 'red'}",
      "${aws:PrincipalTag/none}",
      "${aws:PrincipalTag/none, 'blue'}",
      "r${*}d",
      "re${?}",
      "${$}{x}",
      "${aws:TagKeys}",
    ],
    operators: [
      "StringEquals",
      "StringNotEquals",
      "StringEqualsIgnoreCase",
      "StringNotEqualsIgnoreCase",
      "StringLike",
      "StringNotLike",
    ],
  },
  number: {
    single: ["aws:PrincipalTag/n", "aws:MultiFactorAuthAge"],
    given: ["0", "9", "10", "10.0", "10.5", "-3", "100", "many"],
    wanted: ["0", "9", "10", "10.25", "-3", "100"],
    operators: ORDERS.map((order) => `Numeric${order}`),
  },
  date: {
    single: ["aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"],
    given: ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-06-30T12:00:00.5Z", "1767225600", "2026-02-30"],
    wanted: ["2026-01-01T00:00:00Z", "2026-01-01", "2026-06", "1767225600", "1782820800"],
    operators: ORDERS.map((order) => `Date${order}`),
  },
  bool: {
    single: ["aws:SecureTransport", "aws:MultiFactorAuthPresent"],
    given: ["true", "false", "TRUE", "no"],
    wanted: ["true", "false", "True", "${aws:PrincipalTag/a, 'true'}"],
    operators: ["Bool"],
  },
  bytes: {
    single: ["aws:PrincipalTag/b"],
    given: ["QQ==", "Qg==", "QR==", "QUFB", "not base64"],
    wanted: ["QQ==", "Qg==", "QUFB"],
    operators: ["BinaryEquals"],
  },
  address: {
    single: ["aws:SourceIp", "aws:VpcSourceIp"],
    given: ["10.1.2.3", "192.0.2.7", "2001:db8::7", "2001:DB8:0:0::7", "::ffff:10.1.2.3", "010.1.1.1"],
    wanted: ["10.0.0.0/8", "10.1.2.3", "192.0.2.0/25", "0.0.0.0/0", "2001:db8::/32", "2001:db8::7", "::/0"],
    operators: ["IpAddress", "NotIpAddress"],
  },
  arn: {
    single: ["aws:SourceArn", "aws:PrincipalArn"],
    given: [
      "arn:aws:iam::111122223333:role/red",
      "arn:aws:iam::111122223333:role/a/blue",
      "role/red",
      "arn:aws:sns:eu-west-1:111122223333:topic:red",
      "arn:aws-cn:iam::111122223333:role/red",
      "arn:aws:iam::444455556666:role/red",
      "arn:aws:iam:eu-west-1:111122223333:role/red",
    ],
    wanted: [
      "arn:aws:iam::111122223333:role/red",
      "arn:aws:iam::*:role/*",
      "arn:*:iam::1111????3333:role/?ed",
      "arn:aws:sns:*:*:*",
      "arn:aws:sns:*:111122223333:topic:*",
      `arn:aws:iam::*:role/${TEAM}`,
      "arn:aws:iam::111122223333:role/${aws:PrincipalTag/none, 'red'}",
    ],
    operators: ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
  },
};

/** Every operator but `Null`, without prefix and suffix. */
export const OPERATORS: readonly string[] = Object.values(VOCABULARY).flatMap(({ operators }) => operators);
const KINDS = Object.keys(VOCABULARY) as Kind[];

const ACTIONS = ["execute-api:Invoke", "execute-api:*", "*", "EXECUTE-API:inv*", "execute-api:Invok?"];
const OTHER_ACTIONS = ["execute-api:InvalidateCache", "s3:*", "execute-api:ManageConnections", "iam:Get?"];
const PATHS = ["GET/a", "GET/a/b", "POST/a", "GET/teams/red", "GET/teams/red/1", "PUT/x.y", "GET/a:b", "GET/teams/"];
const PATTERNS = [
  "GET/a",
  "GET/a/*",
  "GET/*",
  "*",
  "POST/*",
  "*/a",
  "GET/?",
  "GET/teams/*/1",
  "GET/a?b",
  "PUT/x?y",
  "*red*",
  `GET/teams/${TEAM}`,
  `GET/teams/${TEAM}/*`,
  "GET/teams/${aws:PrincipalTag/a, 'red'}*",
  "GET/${*}",
  "GET/a:*",
  "GET/teams/${aws:PrincipalTag/none}/1",
];
const HEADS = [
  API,
  API,
  API,
  "arn:aws:execute-api:*:*:a1b2c3d4e5/*",
  "arn:aws:execute-api:eu-*:1111????3333:*",
  "arn:aws:execute-api:us-east-1:111122223333:a1b2c3d4e5/$default",
];

export function generateQuestion(random: Random): Question {
  const documents = (most: number): WrittenDocument[] =>
    Array.from({ length: 1 + random.below(most) }, () => generateDocument(random));
  return {
    action: random.chance(90) ? "execute-api:Invoke" : "execute-api:InvalidateCache",
    resource: `${API}/${random.pick(PATHS)}`,
    context: generateContext(random),
    identity: documents(2),
    boundary: random.chance(30) ? generateDocument(random) : null,
    session: random.chance(30) ? documents(2) : null,
  };
}

function generateContext(random: Random): RequestContext {
  const context: Record<string, string | string[]> = {};
  for (const kind of KINDS) {
    const { single, given } = VOCABULARY[kind];
    for (const key of single) if (random.chance(70)) context[key] = random.pick(given);
  }
  for (const key of LIST_KEYS)
    if (random.chance(75)) {
      const { given } = VOCABULARY[random.chance(60) ? "text" : random.pick(KINDS)];
      context[key] = Array.from({ length: random.below(4) }, () => random.pick(given));
    }
  return context;
}

export function generateDocument(random: Random): WrittenDocument {
  const statements = Array.from({ length: 1 + random.below(3) }, () => generateStatement(random));
  const isOld = random.chance(10) && !JSON.stringify(statements).includes("${");
  return {
    Version: isOld ? "2008-10-17" : "2012-10-17",
    Statement: statements.length === 1 && random.chance(30) ? (statements[0] ?? statements) : statements,
  };
}

function generateStatement(random: Random): WrittenStatement {
  const some = <T>(list: readonly T[]): T | readonly T[] =>
    random.chance(50) ? random.pick(list) : random.some(list, 1, 3);
  const isOther = random.chance(15);
  const actions = isOther ? some(OTHER_ACTIONS) : [random.pick(ACTIONS), ...random.some(OTHER_ACTIONS, 0, 2)];
  const resources = random.chance(25)
    ? "*"
    : Array.from({ length: 1 + random.below(3) }, () => generateResource(random));
  return {
    Effect: random.chance(72) ? "Allow" : "Deny",
    ...(random.chance(15) ? { NotAction: some(OTHER_ACTIONS) } : { Action: actions }),
    ...(random.chance(15) ? { NotResource: resources } : { Resource: resources }),
    ...(random.chance(60) ? { Condition: generateCondition(random) } : {}),
  };
}

function generateResource(random: Random): string {
  const head = random.pick(HEADS);
  if (head.endsWith(":*")) return head;
  return `${head}/${random.pick(PATTERNS)}`;
}

function generateCondition(random: Random): NonNullable<WrittenStatement["Condition"]> {
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  const items = 1 + random.below(2);
  for (let item = 0; item < items; item++) {
    const kind = random.chance(40) ? "text" : random.pick(KINDS);
    const { single, wanted, operators } = VOCABULARY[kind];
    const isList = random.chance(35);
    const key = random.pick(isList ? LIST_KEYS : single);
    if (random.chance(8)) {
      (block["Null"] ??= {})[key] = random.pick(["true", "false"]);
      continue;
    }
    const set = random.chance(isList ? 85 : 10) ? random.pick(["ForAllValues:", "ForAnyValue:"]) : "";
    const name = `${set}${random.pick(operators)}${random.chance(20) ? "IfExists" : ""}`;
    (block[name] ??= {})[key] = random.chance(50) ? random.pick(wanted) : random.some(wanted, 1, 4);
  }
  return block;
}
