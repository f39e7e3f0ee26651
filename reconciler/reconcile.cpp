// The control loop for one environment.
