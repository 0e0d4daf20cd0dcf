/** The choices of `gatehouse gateway`, for those who list them. */
export { listSwitches } from "../gateway/index.ts";
