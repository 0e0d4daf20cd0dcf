/** HTTP/3 end to end: Chromium speaks QUIC to the edge, and the edge's own log says which protocol it was. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startEcho } from "../support/echo.ts";
import { launchHttp3 } from "../support/http3.ts";
import { startInstance, waitFor } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

test("a request over HTTP/3 gets the service's answer, with one request id at both ends", async () => {
  const echo = await startEcho();
  const policy = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url });
  const instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE } });
  const browser = await launchHttp3(instance);
  try {
    const page = await browser.newPage();
    const response = await page.goto(`${instance.status.edge.https}/health`);
    assert.equal(response?.status(), 200);
    const requestId = response.headers()["x-request-id"] ?? "none";
    // As text, since this program's types know no browser.
    assert.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), "h3");
    const log = join(instance.state, "logs/access.log");
    const lineOf = (): string | undefined =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            .find((line) => line.includes(requestId))
        : undefined;
    await waitFor("the edge has written its line", () => lineOf() !== undefined);
    assert.match(lineOf() ?? "", /"proto":"HTTP\/3\.0"/);
    assert.ok(
      echo.last().headers.some(([name, value]) => name.toLowerCase() === "x-request-id" && value === requestId),
    );
  } finally {
    await browser.close();
    assert.equal(await instance.stop(), 0);
    await echo.close();
  }
});
