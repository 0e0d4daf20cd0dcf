/** The foundation that every other module may use and that knows none of them. */
export { STS_AUDIENCE, brokeredPrefix, brokeredSubject } from "./brokered-subject.ts";
export { type Clock, type ManualClock, createManualClock, systemClock } from "./clock.ts";
export {
  type Diagnostic,
  type Position,
  type Severity,
  type Sources,
  type Span,
  diagnosticJson,
  formatSpan,
  hasErrors,
  positionOf,
  renderDiagnostic,
  spanJson,
} from "./diagnostic.ts";
export { type ErrorCode, type Kind, GatehouseError, catalogue, isGatehouseError } from "./errors.ts";
export { type Json, canonicalJson, jsonDigest, prettyJson } from "./json.ts";
export { type LocalTime, isTimeZone, localTime } from "./local-time.ts";
export { findNearest, suggest } from "./nearest.ts";
export { inOneLine, quoted } from "./quote.ts";
export { RecentMap } from "./recent-map.ts";
export { type Reporter, silentReporter } from "./reporter.ts";
export { type Result, err, ok } from "./result.ts";
export { Secret } from "./secret.ts";
export {
  type ReadSource,
  type SourceEntry,
  type SourceTree,
  childOf,
  entryOf,
  nearestSpan,
  plainValue,
  pointerStep,
  readSourceTree,
} from "./source-tree.ts";
export {
  type Rate,
  DURATION,
  RATE,
  SIZE,
  formatDuration,
  formatRate,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
} from "./units.ts";
export { COLOR, contrastOf, withContrast } from "./contrast.ts";
