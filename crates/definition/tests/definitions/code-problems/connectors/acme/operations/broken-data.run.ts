import data from "../lib/data.json";
import table from "../lib/table.yml";

export default () => [data, table];
