/** How a link to a server is doing; `detail` is where it leads, or why it is down. */
export type LinkState = { readonly up: boolean; readonly detail: string };
