import { sign } from "../lib/sing";

export default () => sign();
