interface Account {
  name: string;
  features?: string[];
}

// The connection counts as working when the result is truthy; an error says why it does not.
export default async function test({ apiClient }: any): Promise<boolean> {
  const account: Account = await apiClient.get("/me");
  if (!account.features?.includes("tracking")) {
    throw new Error(`${account.name} has no contract for tracking`);
  }
  return true;
}
