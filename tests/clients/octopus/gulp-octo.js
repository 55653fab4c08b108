// The same by gulp: node gulp-octo.js HOST KEY fail|replace FILE…
const gulp = require("gulp");
const octo = require("@octopusdeploy/gulp-octo");

const [host, apiKey, mode, ...files] = process.argv.slice(2);

gulp
  .src(files, { allowEmpty: false })
  .pipe(octo.push({ host, apiKey, replace: mode === "replace" }))
  .on("error", (error) => {
    console.log(error.message);
    process.exit(1);
  });
