/** How many alerts may wait for QRS at once; those beyond leave unenriched. */
export const mostAside = 1_000;

/** Deliveries in hand that wait for QRS alone; `onMore` is called when there are more. */
export type Aside = {
  readonly most: number;
  count(): number;
  change(by: 1 | -1): void;
};

export function createAside(onMore: () => void): Aside {
  let aside = 0;
  return {
    most: mostAside,
    count: () => Math.min(aside, mostAside),
    change: (by) => {
      aside += by;
      if (by > 0) onMore();
    },
  };
}
