import secrets from "../../other/secrets.json";

export default () => secrets;
