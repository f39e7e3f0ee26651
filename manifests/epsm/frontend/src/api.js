const base = import.meta.env.VITE_API_BASE_URL;

export const socket = import.meta.env.VITE_WS_URL;

export async function simulations() {
  const answer = await fetch(`${base}/api/simulations/`);
  return (await answer.json()).simulations;
}
