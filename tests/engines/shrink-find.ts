/**
 * Makes a disagreement small: leaves out one part of the policy or of the identity after another for as long as the
 * engines still disagree.
 */
import type { AskedCase } from "./case-file.ts";
import type { GeneratedPolicy, Mapping, Tree } from "./generate-policy.ts";

const MAX_TRIES = 2000;

type StillDiffers = (policy: GeneratedPolicy, one: AskedCase) => Promise<boolean>;

export async function shrinkFind(
  policy: GeneratedPolicy,
  one: AskedCase,
  stillDiffers: StillDiffers,
): Promise<{ readonly policy: GeneratedPolicy; readonly one: AskedCase }> {
  let smallest = { policy, one };
  let tries = 0;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of listSmaller(smallest)) {
      if (++tries > MAX_TRIES) return smallest;
      if (!(await stillDiffers(candidate.policy, candidate.one))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Everything with one part less, larger parts first. */
function* listSmaller({ policy, one }: { policy: GeneratedPolicy; one: AskedCase }) {
  const joined = joinFiles(policy);
  if (joined !== null) yield { policy: joined, one };
  for (const tree of withoutOnePart(policy.policy)) yield { policy: { ...policy, policy: tree as Mapping }, one };
  if (one.as === null) return;
  yield { policy, one: { ...one, as: null } };
  if (one.as.groups !== undefined) yield { policy, one: { ...one, as: { ...one.as, groups: undefined } } };
  // Without a subject there is no token.
  const { sub = "a", ...claims } = one.as.claims as Mapping;
  for (const smaller of withoutOnePart(claims))
    yield { policy, one: { ...one, as: { ...one.as, claims: { sub, ...(smaller as Mapping) } } } };
}

/** The policy in one file; null when it is in one. */
function joinFiles({ policy, include }: GeneratedPolicy): GeneratedPolicy | null {
  if (Object.keys(include).length === 0) return null;
  const { include: _, ...rest } = policy;
  const joined: Record<string, Tree> = { ...rest };
  for (const part of Object.values(include))
    for (const section of ["services", "roles", "boundaries"])
      if (part[section] !== undefined)
        joined[section] = { ...(joined[section] as Mapping | undefined), ...(part[section] as Mapping) };
  return { policy: joined, include: {} };
}

function* withoutOnePart(tree: Tree): Generator<Tree> {
  if (isList(tree)) {
    for (const index of tree.keys()) yield tree.toSpliced(index, 1);
    for (const [index, item] of tree.entries())
      for (const smaller of withoutOnePart(item)) yield tree.with(index, smaller);
  } else if (typeof tree === "object" && tree !== null) {
    const entries = Object.entries(tree);
    for (const [name] of entries) yield Object.fromEntries(entries.filter(([other]) => other !== name));
    for (const [name, value] of entries)
      for (const smaller of withoutOnePart(value))
        yield Object.fromEntries(entries.map(([other, kept]) => [other, other === name ? smaller : kept]));
  }
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}
