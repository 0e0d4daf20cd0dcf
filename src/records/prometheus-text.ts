/**
 * Figures as text that Prometheus reads: its own format, or OpenMetrics with exemplars when the reader asks for it.
 *
 * In: families of samples. Out: one page of text.
 * Source: Prometheus "Exposition formats" (text 0.0.4); OpenMetrics 1.0, sections on the text format and on exemplars.
 * INVARIANT: each family is told once, in whole; a label's value cannot end its line.
 */
import { BUCKETS_MS, type HistogramSnapshot } from "./metrics.ts";

export type Labels = Readonly<Record<string, string>>;

export type Family =
  | {
      readonly kind: "counter" | "gauge";
      /** Without `_total`. */
      readonly name: string;
      readonly help: string;
      readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
    }
  | {
      readonly kind: "histogram";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly { readonly labels: Labels; readonly histogram: HistogramSnapshot }[];
    };

export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

const OPEN_METRICS = "application/openmetrics-text";

/** @param accept the reader's `Accept` header */
export function renderPage(families: readonly Family[], accept: string): MetricsPage {
  const isOpen = accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return type === OPEN_METRICS && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
  const lines = families.filter(({ samples }) => samples.length > 0).flatMap((family) => renderFamily(family, isOpen));
  if (isOpen) lines.push("# EOF");
  return {
    contentType: isOpen ? `${OPEN_METRICS}; version=1.0.0; charset=utf-8` : "text/plain; version=0.0.4; charset=utf-8",
    body: `${lines.join("\n")}\n`,
  };
}

function renderFamily(family: Family, isOpen: boolean): string[] {
  const { kind, name, help } = family;
  // OpenMetrics names a family without the suffix of its samples, the older format by its samples.
  const title = kind === "counter" && !isOpen ? `${name}_total` : name;
  const lines = [`# HELP ${title} ${escapeHelp(help, isOpen)}`, `# TYPE ${title} ${kind}`];
  if (family.kind === "histogram")
    for (const { labels, histogram } of family.samples) lines.push(...renderHistogram(name, labels, histogram, isOpen));
  else
    for (const { labels, value } of family.samples)
      lines.push(`${kind === "counter" ? `${name}_total` : name}${renderLabels(labels)} ${renderNumber(value)}`);
  return lines;
}

function renderHistogram(name: string, labels: Labels, histogram: HistogramSnapshot, isOpen: boolean): string[] {
  const { counts, count, sumMs, exemplars } = histogram;
  const lines: string[] = [];
  let total = 0;
  for (const [bucket, found] of counts.entries()) {
    total += found;
    const bound = BUCKETS_MS[bucket];
    const le = bound === undefined ? "+Inf" : renderBound(bound / 1000);
    const line = `${name}_bucket${renderLabels({ ...labels, le })} ${total}`;
    const exemplar = isOpen ? (exemplars[bucket] ?? null) : null;
    lines.push(
      exemplar === null
        ? line
        : `${line} # {trace_id="${exemplar.traceId}"} ${exemplar.ms / 1000} ${(exemplar.atMs / 1000).toFixed(3)}`,
    );
  }
  lines.push(`${name}_sum${renderLabels(labels)} ${renderNumber(sumMs / 1000)}`);
  lines.push(`${name}_count${renderLabels(labels)} ${count}`);
  return lines;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(help: string, isOpen: boolean): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

/** Both formats take `1.0` for one, and OpenMetrics wants bounds to be floats. */
function renderBound(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}.0` : String(seconds);
}

function renderNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "NaN";
}
