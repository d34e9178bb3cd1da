// The light/dark switch, and colours of the theme for what draws on a canvas.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

/** The computed colour of a token, such as colour("--accent"): `rgb(…)`. */
export function colour(token) {
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Calls `then` whenever the theme has changed. */
export function onTheme(then) {
  root.addEventListener("themechange", then);
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-pressed", String(isDark()));
    button.firstElementChild.className = `fa-solid ${isDark() ? "fa-sun" : "fa-moon"}`;
  }
  root.dispatchEvent(new Event("themechange"));
}

export function startTheme() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // it holds for this page only
      }
      show();
    });
  }
  system.addEventListener("change", show);
  show();
}
