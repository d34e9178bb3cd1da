// A page that only hands on what was typed before: it goes on by itself.

document.querySelector("form[data-resume]")?.requestSubmit();
