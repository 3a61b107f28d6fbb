/** A clock for relative times: one timer for the whole window. */
export const now = $state({ date: new Date() });

setInterval(() => {
  now.date = new Date();
}, 1_000);
