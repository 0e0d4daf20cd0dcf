/**
 * JSON in few bytes: deflated with a dictionary of what policies and sessions are made of.
 *
 * INVARIANT: the dictionary is part of the format: whoever changes it changes `FORMAT` of session-tokens.ts too.
 * Source: RFC 1951.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** What is most likely stands last: it is nearest, and costs least. */
const DICTIONARY = Buffer.from(
  '"StringEquals""StringLike""ForAnyValue:StringLike""ArnLike""IpAddress""DateLessThan""Bool"' +
    '"aws:SourceIp""aws:PrincipalTag/""aws:CurrentTime""aws:SecureTransport""NotAction":["NotResource":["Sid":"' +
    '"preferred_username""client_id""groups":["https://""http://127.0.0.1:' +
    '"arn:aws:iam::aws:policy/""arn:aws:iam::role/""arn:aws:execute-api:us-east-1:eu-west-1:*/*/GET/POST/*' +
    '"Condition":{"Effect":"Deny","Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}' +
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":["arn:aws:execute-api:',
);
const MAX_BYTES = 262_144;

export function packJson(value: unknown): Buffer {
  return deflateRawSync(JSON.stringify(value), { level: 9, dictionary: DICTIONARY });
}

/** @throws when the bytes are not what `packJson` gave */
export function unpackJson(bytes: Uint8Array): unknown {
  const text = inflateRawSync(bytes, { dictionary: DICTIONARY, maxOutputLength: MAX_BYTES });
  return JSON.parse(text.toString("utf8")) as unknown;
}
