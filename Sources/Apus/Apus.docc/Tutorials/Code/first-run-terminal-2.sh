apus runs ls
apus trace RUN --follow
open http://localhost:8288
