declare module "idiomorph/htmx" {
  export const Idiomorph: unknown;
}
