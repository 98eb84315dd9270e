declare module "idiomorph/htmx" {
  export const Idiomorph: unknown;
}
declare module "trix" {
  const trix: { config: { attachments: { preview: Record<string, unknown> } } };
  export default trix;
}
