import { sign } from "../lib/sign";
import regions from "../regions.json";

// What it returns is what a `.map.yml` would say.
export default function makeApiClient({ credentials }) {
  const { region, account, secret } = credentials;
  return {
    baseUri: regions[region],
    headers: {
      "X-Account": account,
      "X-Signature": sign(account, secret),
    },
  };
}
