import { createHmac } from "crypto";

/** What proves that the caller knows the secret of the account. */
export function sign(account: string, secret: string): string {
  return createHmac("sha256", secret).update(account).digest("hex");
}
