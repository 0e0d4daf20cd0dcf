/** The one place where verbs get their dependencies from the process: clock, environment variables. */
import { type Reporter, systemClock } from "../core/index.ts";
import type { UpDeps } from "./up.ts";

export function upDeps(reporter: Reporter): UpDeps {
  return { clock: systemClock, reporter, env: process.env };
}
