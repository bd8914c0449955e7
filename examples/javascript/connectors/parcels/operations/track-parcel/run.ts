interface ScanEvent {
  place: string;
  scannedAt: string;
}

export default async function trackParcel({ apiClient, input }: any) {
  const path = `/parcels/${encodeURIComponent(input.number)}/events`;
  const { events } = (await apiClient.get(path)) as { events: ScanEvent[] };
  const last = events.toSorted((a, b) => a.scannedAt.localeCompare(b.scannedAt)).at(-1);
  if (!last) {
    console.warn(`parcel ${input.number} was never scanned`);
    return null;
  }
  return { place: last.place, since: last.scannedAt };
}
