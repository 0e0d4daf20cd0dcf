/** A port as an option of a command. */
import { InvalidArgumentError } from "commander";

/** @throws InvalidArgumentError, which commander tells as bad usage */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}
