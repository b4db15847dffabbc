export const apiVersion = 1;

export async function mount(el, ctx) {
  const { items } = await ctx.api.get('entries'); // api/v1/m/{id}/entries, with this person's session
  el.append(`${items.length} entries`);
  return () => el.replaceChildren(); // called when the page is left
}
