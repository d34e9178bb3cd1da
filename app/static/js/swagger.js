// Starts Swagger UI on the description named by the page; requests carry the page's CSRF token.

import { isDark, onTheme } from "./theme.js";

const place = document.getElementById("swagger-ui");
const token = document.querySelector("meta[name=csrf-token]")?.content;

/** Its own layout has a <main>; this page has one already. */
function Calm({ getComponent, specSelectors, errSelectors }) {
  const h = this.h;
  const draw = (name, props) => h(getComponent(name, true), props);
  const status = specSelectors.loadingStatus();
  if (status === "failed" || status === "failedConfig") {
    const reason = errSelectors.lastError()?.get("message") ?? "";
    return h("p", { className: "card-body", role: "alert" }, `The description of the API could not be read. ${reason}`);
  }
  if (status !== "success" || !specSelectors.specStr()) {
    return h("p", { className: "card-body", role: "status" }, "Reading the description of the API …");
  }
  return h(
    "div",
    { className: "swagger-ui" },
    draw("SvgAssets"),
    draw("errors"),
    draw("InfoContainer"),
    draw("ServersContainer"),
    draw("FilterContainer"),
    draw("operations"),
    draw("Models"),
  );
}

const calm = (system) => ({ components: { CalmLayout: Calm.bind({ h: system.React.createElement }) } });

SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [calm],
  layout: "CalmLayout",
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (token) request.headers["X-CSRFToken"] = token;
    return request;
  },
});

/** What Swagger UI leaves open for those who use a screen reader. */
function tidy() {
  const level = (selector, value) => {
    for (const heading of place.querySelectorAll(selector)) heading.setAttribute("aria-level", value);
  };
  place.querySelector("#servers")?.setAttribute("aria-label", "Server");
  place.querySelector(".operation-filter-input")?.setAttribute("aria-label", "Filter by name of the table");
  level("h3.opblock-tag, section.models > h4", "2");
  level(".opblock-body :is(h4, h5)", "3");
}
new MutationObserver(tidy).observe(place, { childList: true, subtree: true });

const dye = () => document.documentElement.classList.toggle("dark-mode", isDark());
onTheme(dye);
dye();
