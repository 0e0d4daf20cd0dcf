/** Rows 45, 47 and 58 to 60: who is who when a credential is missing, doubled, out of place, or a signature. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { row } from "./catalogue.ts";
import { DOMAIN } from "./policy.ts";
import {
  ENTRANCES,
  type Refusal,
  type Request,
  type Road,
  badRequest,
  forbidden,
  get,
  startRoad,
  unauthorized,
  valuesOf,
} from "./road.ts";
import { type Assumed, askSts, assume, requestOf, signCall } from "./signed-calls.ts";

let road: Road;
let worker: string;
let given: Assumed;
before(async () => {
  road = await startRoad();
  worker = await road.token();
  given = await assume(road, worker);
  assert.equal(given.status, 200);
});
after(async () => road.stop());

const UNAVAILABLE: Refusal = { status: 503, body: '{"message":"Service Unavailable"}', reason: "keys-unavailable" };
const NOBODY = unauthorized("unauthenticated");
const bearer = (token: string): string => `Authorization: Bearer ${token}`;

row(45, () => {
  it("no key stands in for those of an issuer that is away", async () => {
    const claims = { iss: road.away };
    const tokens = [
      await road.token(claims),
      await road.token(claims, { kid: "other" }),
      await road.token(claims, { kid: undefined }),
    ];
    await road.assertRefusedAtBoth(
      tokens.map((token) => get("/orders", bearer(token))),
      UNAVAILABLE,
    );
    const { answer } = await road.exchange("edge", get("/orders", bearer(tokens[0] ?? "")));
    assert.equal(headerOf(answer, "retry-after"), "5");
    await road.takeRecords();
  });

  it("an issuer that nobody named is not asked for its keys", async () => {
    const elsewhere = await road.token({ iss: road.backend.url });
    await road.assertRefusedAtBoth([get("/orders", bearer(elsewhere))], unauthorized("token-issuer"));
  });

  it("who is there is not held up by it", async () => {
    for (const entrance of ENTRANCES) await road.assertForwarded(entrance, get("/orders", bearer(worker)));
  });

  it("a session is asked for the same as a token", async () => {
    const [alice, root] = [`Cookie: ${await road.signIn("alice")}`, `Cookie: ${await road.signIn("root")}`];
    for (const entrance of ENTRANCES) {
      await road.assertForwarded(entrance, get("/account", alice));
      await road.assertRefused(entrance, [get("/vault", alice)], forbidden("not-granted"));
      await road.assertForwarded(entrance, get("/vault", root));
    }
    // Where people do not sign in, a session is nothing.
    await road.assertRefusedAtBoth([get("/orders", alice), get("/admin", root)], NOBODY);
  });
});

row(47, () => {
  it("a word that is no token is nobody", async () => {
    const words = [
      "Bearer x",
      "Bearer",
      "Bearer true",
      "Bearer null",
      `Bearer ${"x".repeat(3000)}`,
      "x",
      "Bearer a.b.c",
    ];
    await road.assertRefusedAtBoth(
      words.map((word) => get("/orders", `Authorization: ${word}`)),
      unauthorized("token-malformed"),
    );
  });

  it("a token is read in one place alone", async () => {
    await road.assertRefusedAtBoth(
      {
        "query token": get(`/orders?token=${worker}`),
        "query access_token": get(`/orders?access_token=${worker}`),
        "query authorization": get(`/orders?Authorization=Bearer%20${worker}`),
        cookie: get("/orders", `Cookie: access_token=${worker}; token=${worker}; __Host-token=${worker}`),
        "other headers": get("/orders", `X-Access-Token: ${worker}`, `X-Auth-Token: ${worker}`, `Token: ${worker}`),
        "forwarded headers": get(
          "/orders",
          `X-Forwarded-Authorization: Bearer ${worker}`,
          `X-Forwarded-Access-Token: ${worker}`,
        ),
        "proxy header": get("/orders", `Proxy-Authorization: Bearer ${worker}`),
        "folded header": get("/orders", `Authorization_: Bearer ${worker}`),
      },
      NOBODY,
    );
  });

  it("an empty one is nobody's", async () => {
    await road.assertRefusedAtBoth([get("/orders"), get("/orders", "Authorization:")], NOBODY);
  });
});

row(58, () => {
  it("of two credentials in one header none counts", async () => {
    const twice: Request[] = [
      get("/orders", bearer(worker), bearer("x")),
      get("/orders", bearer("x"), `authorization: Bearer ${worker}`),
      get("/orders", bearer(worker), "Authorization: Basic eDp5"),
      get("/orders", bearer(worker), "Authorization:"),
    ];
    await road.assertRefusedAtBoth(twice, badRequest("request-headers"));
    await road.assertRefusedAtBoth(
      [
        get("/orders", `Authorization: Bearer ${worker}, Bearer ${worker}`),
        get("/orders", `Authorization: Bearer ${worker} x`),
      ],
      unauthorized("token-malformed"),
    );
  });

  it("the scheme is a word in any case and a space", async () => {
    for (const entrance of ENTRANCES)
      for (const value of [`bearer ${worker}`, `BEARER  ${worker}`, worker])
        await road.assertForwarded(entrance, get("/orders", `Authorization: ${value}`));
    await road.assertRefusedAtBoth(
      [`Bearer\t${worker}`, `Bearer:${worker}`, `Bearer=${worker}`].map((value) =>
        get("/orders", `Authorization: ${value}`),
      ),
      unauthorized("token-malformed"),
    );
    await road.assertRefusedAtBoth(
      [`Token ${worker}`, `JWT ${worker}`, `DPoP ${worker}`, `Basic ${worker}`, "Basic cm9vdDpyb290"].map((value) =>
        get("/orders", `Authorization: ${value}`),
      ),
      NOBODY,
    );
  });

  it("a token comes before a session, with its own roles and no other", async () => {
    const root = `Cookie: ${await road.signIn("root")}`;
    for (const entrance of ENTRANCES) {
      await road.assertRefused(entrance, [get("/vault", root, bearer(worker))], forbidden("not-granted"));
      const arrived = await road.assertForwarded(entrance, get("/account", root, bearer(worker)));
      assert.deepEqual(valuesOf(arrived, "x-gatehouse-subject"), ["worker"]);
      assert.deepEqual([valuesOf(arrived, "authorization"), valuesOf(arrived, "cookie")], [[], []]);
      // A token that is refused is not made good by the session beside it.
      await road.assertRefused(entrance, [get("/vault", root, bearer("x"))], unauthorized("token-malformed"));
    }
  });

  it("what is no token and no signature leaves the session its say", async () => {
    const root = `Cookie: ${await road.signIn("root")}`;
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, get("/vault", root, "Authorization: Basic eDp5"));
      assert.deepEqual(valuesOf(arrived, "x-gatehouse-subject"), ["root"]);
      assert.deepEqual([valuesOf(arrived, "authorization"), valuesOf(arrived, "cookie")], [[], []]);
    }
  });

  it("a signature beside a session counts alone", async () => {
    const root = ["cookie", await road.signIn("root")];
    const { target, headers } = signCall(given, { target: "/account" });
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, requestOf({ target, headers: [...headers, ...root] }));
      assert.deepEqual(valuesOf(arrived, "x-gatehouse-subject"), ["worker"]);
      const vault = signCall(given, { target: "/vault" });
      const request = requestOf({ target: "/vault", headers: [...vault.headers, ...root] });
      await road.assertRefused(entrance, [request], forbidden("not-granted"));
    }
  });
});

/** Parts of a signed request with one header's value changed. */
function withHeader(
  { target, headers }: ReturnType<typeof signCall>,
  name: string,
  change: (value: string) => string,
): Request {
  const changed = headers.map((text, i) =>
    i % 2 === 1 && headers[i - 1]?.toLowerCase() === name ? change(text) : text,
  );
  assert.notDeepEqual(changed, headers);
  return requestOf({ target, headers: changed });
}
const authorizationOf = ({ headers }: ReturnType<typeof signCall>): string =>
  headers[headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === "authorization") + 1] ?? "";

row(59, () => {
  it("a signed request is its signer's", async () => {
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, requestOf(signCall(given)));
      assert.deepEqual(valuesOf(arrived, "x-gatehouse-subject"), ["worker"]);
      assert.deepEqual([valuesOf(arrived, "authorization"), valuesOf(arrived, "x-amz-security-token")], [[], []]);
      const presigned = await road.assertForwarded(
        entrance,
        requestOf(signCall(given, { target: "/orders?a=1", presign: { expiresSeconds: 60 } })),
      );
      assert.equal(presigned.target, "/orders?a=1");
    }
  });

  it("whoever is named in a query without a signature is nobody", async () => {
    const { target } = signCall(given, { presign: { expiresSeconds: 60 } });
    const without = target.replace(/&?X-Amz-Signature=[0-9a-f]+/, "");
    assert.notEqual(without, target);
    const credential = /X-Amz-Credential=[^&]+/.exec(target)?.[0] ?? "";
    // It does not say that it is signed, so it is 401 and not 403: the answer to nobody.
    await road.assertRefusedAtBoth(
      [get(without), get(`/orders?${credential}`), get(target.replace("X-Amz-Signature=", "x-amz-signature="))],
      NOBODY,
    );
    await road.assertRefusedAtBoth(
      [get(`/orders?${credential}&X-Amz-Signature=`), get("/orders?X-Amz-Signature=a")],
      forbidden("signature-incomplete"),
    );
    await road.assertRefusedAtBoth([get(`${without}&X-Amz-Signature=`)], forbidden("signature-mismatch"));
  });

  it("whoever is named in a header without a signature is nobody either", async () => {
    const signed = signCall(given);
    await road.assertRefusedAtBoth(
      {
        "no signature": withHeader(signed, "authorization", (value) => value.replace(/,? ?Signature=[0-9a-f]+/, "")),
        "no signed headers": withHeader(signed, "authorization", (value) =>
          value.replace(/SignedHeaders=[^,]+, ?/, ""),
        ),
        "no credential": withHeader(signed, "authorization", (value) => value.replace(/Credential=[^,]+, ?/, "")),
        "another algorithm": withHeader(signed, "authorization", (value) => value.replace("-SHA256", "-SHA1")),
      },
      forbidden("signature-incomplete"),
    );
    await road.assertRefusedAtBoth(
      {
        "an empty signature": withHeader(signed, "authorization", (value) =>
          value.replace(/Signature=.*/, "Signature="),
        ),
        "a signature of zeros": withHeader(signed, "authorization", (value) =>
          value.replace(/Signature=.*/, `Signature=${"0".repeat(64)}`),
        ),
      },
      forbidden("signature-mismatch"),
    );
  });

  it("no mode leaves the body out of the signature", async () => {
    const modes = [
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "UNSIGNED-PAYLOAD",
      "unsigned-payload",
      "",
      "0".repeat(64),
    ];
    await road.assertRefusedAtBoth(
      modes.map((mode) => requestOf(signCall(given, { headers: ["x-amz-content-sha256", mode] }))),
      forbidden("payload-mismatch"),
    );
  });
});

row(60, () => {
  it("a part that is there twice is refused, whichever is right", async () => {
    const signed = signCall(given);
    const date = signed.headers[signed.headers.findIndex((name) => name.toLowerCase() === "x-amz-date") + 1] ?? "";
    const { target } = signCall(given, { presign: { expiresSeconds: 60 } });
    const credential = /X-Amz-Credential=[^&]+/.exec(target)?.[0] ?? "";
    const also = (...more: string[]): Request => requestOf({ ...signed, headers: [...signed.headers, ...more] });
    await road.assertRefusedAtBoth(
      {
        "two dates": also("X-Amz-Date", date),
        "two dates in another case": also("x-amz-date", "20200101T000000Z"),
        "two session tokens": also("X-AMZ-SECURITY-TOKEN", given.sessionToken),
        "two credentials in the query": get(`${target}&${credential}`),
        "header and query": requestOf({ target, headers: signed.headers }),
        "two signatures in the header": withHeader(signed, "authorization", (value) => `${value}, Signature=a`),
      },
      forbidden("signature-incomplete"),
    );
  });

  it("what is added in another case afterwards was not signed", async () => {
    const { target } = signCall(given, { presign: { expiresSeconds: 60 } });
    const credential = /X-Amz-Credential=[^&]+/.exec(target)?.[0] ?? "";
    await road.assertRefusedAtBoth(
      [
        get(`${target}&${credential.toLowerCase()}`),
        get(`${target}&x-amz-date=20200101T000000Z`),
        get(`${target}&X-Amz-Extra=1`),
        get(target.replace("/orders", "/orders/7")),
      ],
      forbidden("signature-mismatch"),
    );
  });

  it("in another case it is a parameter like others, and goes with the signature", async () => {
    const signed = signCall(given, { target: "/orders?x-amz-credential=root&a=1", presign: { expiresSeconds: 60 } });
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, requestOf(signed));
      assert.deepEqual([arrived.target, valuesOf(arrived, "x-gatehouse-subject")], ["/orders?a=1", ["worker"]]);
    }
  });

  it("the host is signed, and is the one that was asked for", async () => {
    const signed = signCall(given);
    assert.match(authorizationOf(signed), /SignedHeaders=host;/);
    await road.assertRefusedAtBoth(
      {
        "host left out": withHeader(signed, "authorization", (value) =>
          value.replace("SignedHeaders=host;", "SignedHeaders="),
        ),
        "a host of another name": withHeader(signed, "authorization", (value) => value.replace("=host;", "=a-host;")),
      },
      forbidden("signature-host-unsigned"),
    );
    await road.assertRefusedAtBoth(
      {
        "another port": withHeader(signed, "host", () => `${DOMAIN}:444`),
        "the host in capitals": withHeader(signed, "host", () => DOMAIN.toUpperCase()),
      },
      forbidden("signature-mismatch"),
    );
  });

  it("a signed header is in the request as it was", async () => {
    const signed = signCall(given, { headers: ["x-tenant", "blue"] });
    assert.match(authorizationOf(signed), /x-tenant/);
    await road.assertRefusedAtBoth(
      {
        "another value": withHeader(signed, "x-tenant", () => "red"),
        "a second value": requestOf({ ...signed, headers: [...signed.headers, "x-tenant", "red"] }),
        "not there": requestOf({
          ...signed,
          headers: signed.headers.filter((text) => !/^(?:x-tenant|blue)$/.test(text)),
        }),
        "another time": withHeader(signed, "x-amz-date", (value) =>
          value.replace(/..Z$/, value.endsWith("00Z") ? "01Z" : "00Z"),
        ),
      },
      forbidden("signature-mismatch"),
    );
    for (const entrance of ENTRANCES) await road.assertForwarded(entrance, requestOf(signed));
  });

  it("credentials are those that were given here, together", async () => {
    const other = await assume(road, await road.token({ groups: ["admin"] }), "admin");
    assert.equal(other.status, 200);
    const swapped = { ...given, sessionToken: other.sessionToken };
    await road.assertRefusedAtBoth(
      [requestOf(signCall(swapped)), requestOf(signCall({ ...given, sessionToken: "AQ" }))],
      forbidden("credentials-unknown"),
    );
    // Its own signature, another's path: a role is no more than it is.
    await road.assertRefusedAtBoth([requestOf(signCall(given, { target: "/admin" }))], forbidden("not-granted"));
  });

  it("who signs to say who he is, signed all that is read of it", async () => {
    const form = "Action=GetCallerIdentity&Version=2011-06-15";
    const signed = signCall(given, { form }).headers.slice(2);
    const arn = /<Arn>([^<]*)</.exec((await askSts(road, form, signed)).body)?.[1] ?? "";
    assert.match(arn, /:assumed-role\/[^/]*support\/worker$/);
    const other = "Action=GetCallerIdentity&Version=2011-06-15&Action=AssumeRoleWithWebIdentity";
    const twice = signCall(given, { form: other }).headers.slice(2);
    const lower = `${form}&action=AssumeRole`;
    const answers = [
      await askSts(road, form),
      await askSts(road, lower, signed),
      await askSts(road, other, twice),
      await askSts(road, form, [...signed, "X-Amz-Date", "20200101T000000Z"]),
      await askSts(road, form, ["host", "sts.amazonaws.com", ...signed]),
    ];
    await road.takeRecords();
    assert.deepEqual(
      answers.map(({ status, code }) => [status, code]),
      [
        [403, "MissingAuthenticationToken"],
        [403, "SignatureDoesNotMatch"],
        [400, "MalformedQueryString"],
        [403, "IncompleteSignature"],
        // Caddy's own answer to two hosts.
        [400, ""],
      ],
    );
  });
});
