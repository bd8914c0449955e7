interface Found {
  id: string;
}

export default async ({ apiClient }: any): Promise<Found> => {
  return apiClient.get("/me";
};
