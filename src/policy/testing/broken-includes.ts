/** Policies that are broken in their included files: in what is named, and in what stands there. */
import { type Files, ROOT } from "./whole-policy.ts";

export interface BrokenInclude {
  readonly what: string;
  readonly files: Files;
  readonly found: readonly string[];
}

const WEB =
  "services: { web: { exposure: public, upstream: http://127.0.0.1:4001, routes: { GET /: { needs: web:read } } } }\n";
const ROLES = "roles: { reader: { members: { groups: [staff] }, can: [web:read], boundary: reading } }\n";
const BOUNDARIES = "boundaries: { reading: [web:read] }\n";
const SECRETS = "secrets: { session-key: { rotate: 30 days, overlap: 12 hours } }\n";

/** A policy file that includes what `include` says, with `more` at its end, and further files. */
function including(include: string, files: Files = {}, more = ""): Files {
  const text = `gatehouse: 1
name: tiny
include: ${include}
identity: { audience: tiny-api }
environments: { local: { identity: embedded, domain: localhost } }
${more}`;
  return { [ROOT]: text, ...files };
}

const part = (text: string): string => `gatehouse: 1\n${text}`;
const GOOD: Files = { "a.yaml": part(WEB) };

export const BROKEN_INCLUDES: readonly BrokenInclude[] = [
  {
    what: "a path out of the folder",
    files: including("[../a.yaml]", GOOD),
    found: [
      "3:11 include/path: `../a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a path out of the folder and back",
    files: including("[../policies/a.yaml]", GOOD),
    found: [
      "3:11 include/path: `../policies/a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a path that leaves the folder in its middle",
    files: including("[x/../../a.yaml]", GOOD),
    found: [
      "3:11 include/path: `x/../../a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "an absolute path",
    files: including("[/etc/passwd]", GOOD),
    found: [
      "3:11 include/path: `/etc/passwd` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a path of Windows",
    files: including('["teams\\\\a.yaml"]', GOOD),
    found: [
      "3:11 include/path: `teams\\a.yaml` is not a path below the policy's folder -> write `/` between folders: `teams/a.yaml`",
    ],
  },
  {
    what: "a path out of the folder in the way of Windows",
    files: including('["..\\\\a.yaml"]', GOOD),
    found: [
      "3:11 include/path: `..\\a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a drive of Windows",
    files: including("['C:/a.yaml']", GOOD),
    found: [
      "3:11 include/path: `C:/a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a share of Windows",
    files: including("['//server/share/a.yaml']", GOOD),
    found: [
      "3:11 include/path: `//server/share/a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "an address",
    files: including('["https://shop.example/a.yaml"]', GOOD),
    found: [
      "3:11 include/path: `https://shop.example/a.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a file address",
    files: including('["file:///etc/passwd"]', GOOD),
    found: [
      "3:11 include/path: `file:///etc/passwd` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a folder",
    files: including("[teams/]", GOOD),
    found: [
      "3:11 include/path: `teams/` is not a path below the policy's folder -> name each file; folders are not taken",
    ],
  },
  {
    what: "the folder of the policy",
    files: including("[.]", GOOD),
    found: [
      "3:11 include/path: `.` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "dots that are encoded",
    files: including('["%2e%2e/a.yaml"]', GOOD),
    found: [
      "3:11 include/unreadable: `%2e%2e/a.yaml` cannot be read: there is no such file -> correct the path, which is relative to the file that it stands in, or remove the entry",
    ],
  },
  {
    what: "another case",
    files: including("[A.yaml]", GOOD),
    found: [
      "3:11 include/unreadable: `A.yaml` cannot be read: there is no such file -> correct the path, which is relative to the file that it stands in, or remove the entry",
    ],
  },
  {
    what: "a pattern",
    files: including('["*.yaml"]', GOOD),
    found: [
      "3:11 include/unreadable: `*.yaml` cannot be read: there is no such file -> correct the path, which is relative to the file that it stands in, or remove the entry",
    ],
  },
  {
    what: "a path with a line break",
    files: including('["a.yaml\\n"]', GOOD),
    found: ["3:11 parse/text: an entry of `include` goes over several lines -> write one line of plain text"],
  },
  {
    what: "a path with a NUL",
    files: including('["a.yaml\\0.txt"]', GOOD),
    found: [
      "3:11 parse/text: an entry of `include` holds the invisible character U+0000 -> remove it; between double quotes a `\\` is written `\\\\`",
    ],
  },
  {
    what: "a file as a text",
    files: including("a.yaml", GOOD),
    found: ["3:10 parse/expected-list: `include` is a text instead of a list -> write a list `[a.yaml]`"],
  },
  {
    what: "a number",
    files: including("[1]", GOOD),
    found: ["3:11 parse/expected-text: an entry of `include` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "nothing",
    files: including("[]", {}, WEB),
    found: ["3:10 parse/empty-list: `include` is empty -> add an entry, or remove the key"],
  },
  {
    what: "no value",
    files: including("", {}, WEB),
    found: ["3:1 parse/expected-list: `include` is empty instead of a list -> write a list"],
  },
  {
    what: "a file that does not exist, without what follows from it",
    files: including("[b.yaml]", GOOD, ROLES),
    found: [
      "3:11 include/unreadable: `b.yaml` cannot be read: there is no such file -> correct the path, which is relative to the file that it stands in, or remove the entry",
    ],
  },
  {
    what: "a file twice",
    files: including("[a.yaml, ./a.yaml]", GOOD),
    found: ["3:19 include/twice: `./a.yaml` is included already -> remove this entry; see 3:11 (first here)"],
  },
  {
    what: "a file twice in one spelling",
    files: including("[a.yaml, a.yaml]", GOOD),
    found: ["3:19 include/twice: `a.yaml` is included already -> remove this entry; see 3:11 (first here)"],
  },
  {
    what: "a file that two files include",
    files: including("[a.yaml, b.yaml]", {
      "a.yaml": part(`include: [c.yaml]\n${WEB}`),
      "b.yaml": part("include: [c.yaml]\n"),
      "c.yaml": part(SECRETS),
    }),
    found: [
      "b.yaml:2:11 include/twice: `c.yaml` is included already -> remove this entry; see a.yaml:2:11 (first here)",
    ],
  },
  {
    what: "the policy itself",
    files: including("[p.yaml]", {}, WEB),
    found: ["3:11 include/cycle: `p.yaml` is this file -> remove this entry"],
  },
  {
    what: "a file that includes itself",
    files: including("[t/a.yaml]", { "t/a.yaml": part(`include: [a.yaml]\n${WEB}`) }),
    found: ["t/a.yaml:2:11 include/cycle: `a.yaml` is this file -> remove this entry; see 3:11 (first here)"],
  },
  {
    what: "a file that includes the policy",
    files: including("[t/a.yaml]", { "t/a.yaml": part(`include: [../p.yaml]\n${WEB}`) }),
    found: ["t/a.yaml:2:11 include/cycle: `../p.yaml` includes this file -> remove this entry"],
  },
  {
    what: "files in a circle",
    files: including("[a.yaml]", {
      "a.yaml": part(`include: [b.yaml]\n${WEB}`),
      "b.yaml": part("include: [c.yaml]\n"),
      "c.yaml": part("include: [a.yaml]\n"),
    }),
    found: ["c.yaml:2:11 include/cycle: `a.yaml` includes this file -> remove this entry; see 3:11 (first here)"],
  },
  {
    what: "a path of an included file out of the policy's folder",
    files: including("[t/a.yaml]", { "t/a.yaml": part(`include: [../../b.yaml]\n${WEB}`) }),
    found: [
      "t/a.yaml:2:11 include/path: `../../b.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  },
  {
    what: "a path of an included file that does not exist there",
    files: including("[t/a.yaml]", { "t/a.yaml": part(`include: [t/b.yaml]\n${WEB}`), "t/b.yaml": part("") }),
    found: [
      "t/a.yaml:2:11 include/unreadable: `t/b.yaml` cannot be read: there is no such file -> correct the path, which is relative to the file that it stands in, or remove the entry",
    ],
  },
  {
    what: "an included file that is empty",
    files: including("[a.yaml]", { "a.yaml": "" }),
    found: [
      "a.yaml:1:1 parse/empty: the file is empty -> write `gatehouse: 1` and a section, or remove it from `include`",
    ],
  },
  {
    what: "an included file without version",
    files: including("[a.yaml]", { "a.yaml": WEB }),
    found: ["a.yaml:1:1 parse/missing-key: an included file lacks `gatehouse` -> add `gatehouse: 1`"],
  },
  {
    what: "an included file of another version",
    files: including("[a.yaml]", { "a.yaml": `gatehouse: 2\n${WEB}` }, ROLES),
    found: [
      "a.yaml:1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
    ],
  },
  {
    what: "an included file that is a list",
    files: including("[a.yaml]", { "a.yaml": "- gatehouse: 1\n" }),
    found: [
      "a.yaml:1:1 parse/expected-mapping: an included file is a list instead of a mapping -> write a mapping with `gatehouse`, `include`, `services`, `roles`, `boundaries`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "an included file with what stands in the policy file only",
    files: including("[a.yaml]", { "a.yaml": part(`name: web\nenvironments: {}\nthrottle: {}\n${WEB}`) }),
    found: [
      "a.yaml:2:1 parse/unknown-key: an included file has no key `name` -> `name` stands in the policy file only",
      "a.yaml:3:1 parse/unknown-key: an included file has no key `environments` -> `environments` stands in the policy file only",
      "a.yaml:4:1 parse/unknown-key: an included file has no key `throttle` -> `throttle` stands in the policy file only",
    ],
  },
  {
    what: "an included file with a misspelled section, without what follows from it",
    files: including("[a.yaml]", { "a.yaml": part(`${WEB}boundrys: { reading: [web:read] }\n`) }, ROLES),
    found: [
      "a.yaml:3:1 parse/unknown-key: an included file has no key `boundrys` -> known are `gatehouse`, `include`, `services`, `roles`, `boundaries`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "an included file that is not YAML",
    files: including("[a.yaml]", { "a.yaml": part("services: { web: [\n") }, ROLES),
    found: [
      "a.yaml:2:18 parse/syntax: `[` is not closed -> write `]`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "an included file with a tab",
    files: including("[a.yaml]", { "a.yaml": part("services:\n\tweb: {}\n") }),
    found: ["a.yaml:3:1 parse/tab: the line is indented with a tab -> indent with spaces"],
  },
  {
    what: "an included file with an anchor",
    files: including("[a.yaml]", { "a.yaml": part(WEB.replace("{ web: {", "{ web: &web {")) }),
    found: [
      "a.yaml:2:18 parse/anchor: anchors are not taken, found `&web` -> remove it; a text that begins with `&` goes in quotes",
    ],
  },
  {
    what: "an included file with equal keys",
    files: including("[a.yaml]", { "a.yaml": part(`${WEB}secrets: {}\nsecrets: {}\n`) }),
    found: [
      "a.yaml:4:1 parse/duplicate-key: `secrets` stands here a second time -> keep one of the two; see a.yaml:3:1 (first here)",
    ],
  },
  {
    what: "an included file with a key twice and Windows' line ends",
    files: including("[a.yaml]", { "a.yaml": part(`${WEB}secrets: {}\nsecrets: {}\n`).replaceAll("\n", "\r\n") }),
    found: [
      "a.yaml:4:1 parse/duplicate-key: `secrets` stands here a second time -> keep one of the two; see a.yaml:3:1 (first here)",
    ],
  },
  {
    what: "an included file with a byte order mark and an unknown key",
    files: including("[a.yaml]", { "a.yaml": `\ufeffgatehouze: 1\n${WEB}` }),
    found: ["a.yaml:1:1 parse/unknown-key: an included file has no key `gatehouze` -> did you mean `gatehouse`?"],
  },
  {
    what: "an included file that is not UTF-8",
    files: including("[a.yaml]", { "a.yaml": part(`# f\ufffdr alle\n${WEB}`) }),
    found: ["a.yaml:2:4 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  },
  {
    what: "an included file whose text turns its direction",
    files: including("[a.yaml]", { "a.yaml": part(`# \u202eevil\n${WEB}`) }),
    found: [
      "a.yaml:2:3 parse/not-text: the file holds the character U+202E, which turns the direction of text -> remove it",
    ],
  },
  {
    what: "an included file that is too large",
    files: including("[a.yaml]", { "a.yaml": "#".repeat(2 * 1024 * 1024 + 1) }),
    found: [
      "a.yaml:1:1 parse/too-large: the file has more than 2097152 bytes -> split it and name the parts in `include`",
    ],
  },
  {
    what: "an included file with a document after it",
    files: including("[a.yaml]", { "a.yaml": `${part(WEB)}---\n${part(ROLES)}` }),
    found: ["a.yaml:3:1 parse/multiple-documents: a second document begins here -> remove the line `---`"],
  },
  {
    what: "a service in two files",
    files: including("[a.yaml]", GOOD, WEB),
    found: [
      "a.yaml:2:13 include/conflict: `web` of `services` stands in another file too -> keep one of the two, or give one another name; see 6:13 (first here)",
    ],
  },
  {
    what: "a role, a boundary and a secret in two included files",
    files: including("[a.yaml, b.yaml]", {
      "a.yaml": part(WEB + ROLES + BOUNDARIES + SECRETS),
      "b.yaml": part(ROLES + BOUNDARIES + SECRETS),
    }),
    found: [
      "b.yaml:2:10 include/conflict: `reader` of `roles` stands in another file too -> keep one of the two, or give one another name; see a.yaml:3:10 (first here)",
      "b.yaml:3:15 include/conflict: `reading` of `boundaries` stands in another file too -> keep one of the two, or give one another name; see a.yaml:4:15 (first here)",
      "b.yaml:4:12 include/conflict: `session-key` of `secrets` stands in another file too -> keep one of the two, or give one another name; see a.yaml:5:12 (first here)",
    ],
  },
  {
    what: "routes that conflict across files",
    files: including("[a.yaml]", { "a.yaml": part(WEB.replace("{ web:", "{ other:")) }, WEB),
    found: [
      "a.yaml:2:83 route/conflict: `GET /` stands in service `web` too -> keep one of the two, in one service; see 6:81 (first here, in service `web`)",
    ],
  },
  {
    what: "a section that is a list in one file and a mapping in another",
    files: including("[a.yaml]", { "a.yaml": part(`${WEB}boundaries: [reading]\n`) }, ROLES + BOUNDARIES),
    found: [
      "a.yaml:3:13 parse/expected-mapping: `boundaries` is a list instead of a mapping -> write a mapping of boundary names",
    ],
  },
  {
    what: "a section that is empty in a file",
    files: including("[a.yaml]", { "a.yaml": part(`${WEB}roles:\n`) }, ROLES + BOUNDARIES),
    found: [
      "a.yaml:3:1 parse/empty-mapping: `roles` is empty -> add `support: { members: { groups: [support] }, can: [orders:read], boundary: staff }`",
    ],
  },
  {
    what: "a boundary that no file has",
    files: including("[a.yaml]", { "a.yaml": part(WEB) }, ROLES + BOUNDARIES.replace("reading", "writing")),
    found: ["6:77 reference/boundary: there is no boundary `reading` -> known are `writing`"],
  },
  {
    what: "a grant of an included file that no route needs",
    files: including("[a.yaml]", { "a.yaml": part(ROLES.replace("web:read", "web:reed") + BOUNDARIES) }, WEB),
    found: ["a.yaml:2:56 reference/permission: no route needs `web:reed` -> did you mean `web:read`?"],
  },
  {
    what: "no service in any file",
    files: including("[a.yaml]", { "a.yaml": part(SECRETS) }),
    found: [
      "1:1 parse/missing-key: the policy lacks `services` -> add `services: { orders: { exposure: public, upstream: http://127.0.0.1:4001, routes: { ... } } }`",
    ],
  },
  {
    what: "a waiver of an included file without an end",
    files: including("[a.yaml]", {
      "a.yaml": part(
        `${WEB}guardrails: { waive: [{ rule: guardrail/open-write, reason: agreed, owner: ops, expiry: never }] }\n`,
      ),
    }),
    found: ["a.yaml:3:89 waiver/expiry: `never` is not a date -> write year, month and day: `2027-01-31`"],
  },
  {
    what: "a finding in each of three files",
    files: including(
      "[a.yaml]",
      {
        "a.yaml": part(`include: [b.yaml]\n${WEB.replace("public", "open")}`),
        "b.yaml": part(BOUNDARIES.replace("web:read", "Web:Read")),
      },
      "throttle: { default: 5 }\n",
    ),
    found: [
      "6:22 parse/rate: `5` is not a rate -> write `50/second burst 100`; units are second, minute and hour",
      "a.yaml:3:30 parse/choice: `exposure` cannot be `open` -> write `public` or `private`",
      "b.yaml:2:25 role/permission: `Web:Read` is not a permission -> write `area:action` in lower case, for example `orders:read`",
    ],
  },
  {
    what: "more files than a policy may have",
    files: including(
      `[${Array.from({ length: 202 }, (_, i) => `f${i}.yaml`).join(", ")}]`,
      Object.fromEntries(Array.from({ length: 202 }, (_, i) => [`f${i}.yaml`, part(i === 0 ? WEB : "")])),
    ),
    found: [
      "3:2101 include/too-many: the policy includes more than 200 files -> join some of them, or split the policy into several",
    ],
  },
  {
    what: "more text than a policy may have",
    files: including("[a.yaml, b.yaml, c.yaml, d.yaml]", {
      "a.yaml": part(WEB),
      ...Object.fromEntries(["b.yaml", "c.yaml", "d.yaml"].map((name) => [name, part(`# ${"x".repeat(1_500_000)}\n`)])),
    }),
    found: [
      "3:35 include/too-many: the files of the policy have more than 4194304 characters -> split it into several policies",
    ],
  },
];
