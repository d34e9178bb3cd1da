// Runs before the first paint, so that a chosen theme never flashes. Not a module: it must block.
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch (_) {
    // storage is forbidden: the system's theme it is
  }
})();
