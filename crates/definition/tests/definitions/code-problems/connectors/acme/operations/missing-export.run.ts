import { createHmca } from "crypto";
import { sing } from "../lib/sign";

export default () => createHmca(sing());
