/** `gatehouse test`: a policy's own tests. */
import type { Command } from "commander";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

export function addTestCommand(
  program: Command,
  run: (work: (shell: Shell) => Promise<Outcome>) => Promise<void>,
): void {
  program
    .command("test [FILES...]")
    .summary("run the policy's own tests (*.test.yaml), by the reference and by the gateway")
    .description(
      "Decides the requests of test files by the reference and by a gateway of its own, and says which routes and grants no test touches. By default all `*.test.yaml` beside the policy and the files that it includes.",
    )
    .option("--policy <FILE>", "the policy of test files that name none (default: gatehouse.yaml beside them)")
    .option("--env <NAME>", "environment (default: what the test file says, else `local`, or the only one)")
    .option("--require-coverage", "exit 1 when a route or a grant is not touched by any test")
    .action((files: string[], flags: { policy?: string; env?: string; requireCoverage?: boolean }) =>
      run(async () => {
        const { testPolicy } = await import("../app/test-policy.ts");
        const { hasFailures, isFullyCovered, renderTests, testsJson } = await import("../app/render-tests.ts");
        const report = await testPolicy({
          files,
          policyFile: flags.policy,
          environment: flags.env,
          nowMs: Date.now(),
        });
        if ("diagnostics" in report)
          return diagnosticsOutcome(report.file, report.diagnostics, report.sources, {
            exitCode: EXIT.badInput,
            text: "",
          });
        const isGood = !hasFailures(report) && (flags.requireCoverage !== true || isFullyCovered(report));
        return {
          exitCode: isGood ? EXIT.done : EXIT.findings,
          text: renderTests(report),
          json: testsJson(report),
        };
      }),
    );
}
