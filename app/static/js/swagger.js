// Starts Swagger UI on the description named by the page; requests carry the page's CSRF token.

import { isDark, onTheme } from "./theme.js";

const place = document.getElementById("swagger-ui");
const token = document.querySelector("meta[name=csrf-token]")?.content;

SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  deepLinking: true,
  filter: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (token) request.headers["X-CSRFToken"] = token;
    return request;
  },
});

const dye = () => document.documentElement.classList.toggle("dark-mode", isDark());
onTheme(dye);
dye();
