async function run() {
  return 1;
}

export const limit = 10;
