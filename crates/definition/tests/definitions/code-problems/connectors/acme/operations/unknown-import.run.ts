import { chunk } from "lodash";
import axois from "axois";

export default () => chunk(axois);
